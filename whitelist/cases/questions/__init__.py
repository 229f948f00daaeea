"""What is asked, as data: a module for each group of sections."""
