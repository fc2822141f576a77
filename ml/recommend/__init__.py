"""What to offer whom: interactions, item models, ranking, and how good the lists are on weeks that were not seen."""
