-- The power of the depth with which what is #1 at half of it falls to #2 at all of it; 0 where it does not fall.
CASE WHEN #1 / nullif(#2, 0) > 1 THEN least(log2(#1 / #2), 4) ELSE 0 END
