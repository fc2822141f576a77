"""Learned customer segments: k-means over log-scaled recency, frequency and value, named by rules.

features: what is clustered. clusters: fitting, silhouette, stability. choice: how many clusters.
names: which business name a cluster gets. run: whole tables of customers. evaluate: how good it is.
"""
