#include "rough.hpp"

LANEWISE_NATIVE(Rough<20>)
