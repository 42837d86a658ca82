"""What operators have in common: inputs, deferral, reporting, watermarks."""
