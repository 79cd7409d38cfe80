"""`tse monitor conform`: runs a foreign monitor and says what it got wrong."""
