"""The assessment as one HTML file that needs no script and no network, and prints well. `whole.page` makes it from the document."""
