"""Models of the price of one asset, how they are correlated, and the table that configures them."""
