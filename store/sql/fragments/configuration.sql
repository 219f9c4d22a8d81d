network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
       study_axes
