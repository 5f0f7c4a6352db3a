import Wengert
