"""What is made beside the site: the book as one PDF, the site as one file, a new chapter."""
