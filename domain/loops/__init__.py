"""What the daily, weekly and monthly loops find: numbers and ids, as they are kept. Names are put in where they are said."""
