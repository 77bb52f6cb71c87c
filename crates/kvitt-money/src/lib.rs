//! Money in minor units, order lines with their tax arithmetic, and Klarna's markets.
