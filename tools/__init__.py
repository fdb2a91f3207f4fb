"""The build, what is made beside the site, and the drills. Nothing here is imported by a chapter."""
