"""The JSON edge of contract B: partners' servers and add-ons."""
