package state

const crashDirEnv = "FLIPMIRROR_STATE_CRASH_DIR"

func crashChild(dir string) {}
