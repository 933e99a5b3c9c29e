"""Network 网络: how messages travel, in both worlds.

For real processes: signed frames (:mod:`network.frames`) on topics (:mod:`network.topics`) over an MQTT bus
(:mod:`network.bus`), batched and opened by :mod:`network.wire`; :mod:`network.broker` is the embedded broker. For
virtual time: :mod:`network.virtual`, where links, disks, clocks and faults are simulated. Gossip and catch-up
(:mod:`network.gossip`, :mod:`network.catchup`) and what clients and nodes say to each other
(:mod:`network.requests`) are pure and serve both. This room knows nothing of ledgers or
insurance.
"""
