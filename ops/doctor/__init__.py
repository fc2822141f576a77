"""What has to be right for the warehouse to work, looked at piece by piece (`retail doctor`)."""
