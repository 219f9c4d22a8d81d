"""Computing on a Ray cluster; the only folder that imports ray.

connection   joining a cluster, or making one
worker_pool  the workers: who is there, who starts, who is gone
executor     handing out batches and taking results
"""
