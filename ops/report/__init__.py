"""A report without a server: one HTML file that needs nothing beside itself, made of the views of `bi`."""
