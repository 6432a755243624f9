"""From view-models to pages: rendering, links, charts, and the static site."""
