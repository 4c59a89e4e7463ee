"""People at their chairs, in the numbers of a real evening and beyond: what the service holds, and where it stops holding."""
