"""What every room stands on: checks of arguments, seeds, files, threads of linear algebra."""
