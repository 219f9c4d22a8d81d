CASE #1 WHEN 'network' THEN network WHEN 'dataset' THEN dataset WHEN 'preprocessing' THEN preprocessing
                   WHEN 'init' THEN init WHEN 'activation' THEN activation WHEN 'norm' THEN norm
                   WHEN 'depth' THEN depth::VARCHAR WHEN 'width' THEN width::VARCHAR
                   WHEN 'batch_size' THEN batch_size::VARCHAR WHEN 'optimizer' THEN optimizer
                   WHEN 'lr' THEN lr::VARCHAR WHEN 'steps' THEN steps::VARCHAR END
