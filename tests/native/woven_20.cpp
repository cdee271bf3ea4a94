#include "rough.hpp"

LANEWISE_NATIVE(Woven<20>)
