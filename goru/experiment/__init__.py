"""What changes what, and how sure is that: designs, races, effects. An experiment knows no network and no table."""
