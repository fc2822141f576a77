"""Repeat purchase and churn: how likely each customer is to order in the next days, and how well that is known."""
