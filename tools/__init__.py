"""Programs for maintainers: generators and checks; none of them is part of the package."""
