avg(#1) FILTER (isfinite(#1)) AS #2, min(#1) FILTER (isfinite(#1)) AS #2_low,
       max(#1) FILTER (isfinite(#1)) AS #2_high
