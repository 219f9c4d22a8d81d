-- $pinned VARCHAR[] = NULL: these configurations as well, each as its values on network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr and steps with | between them
($pinned IS NOT NULL AND list_contains($pinned, concat_ws('|', network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps)))
