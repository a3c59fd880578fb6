"""What people do with records all day: views they keep, favorites, many records at once, handing over."""
