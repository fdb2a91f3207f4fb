"""The build, what is made beside the site, and the drills; no chapter imports from here."""
