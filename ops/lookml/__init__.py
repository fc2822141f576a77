"""LookML for Looker, generated from the metric dictionary and the views of `bi`."""
