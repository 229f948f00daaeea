"""The sandbox without anybody looking: started by an integrator's tests, one workspace, gone when it ends."""
