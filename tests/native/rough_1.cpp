#include "rough.hpp"

LANEWISE_NATIVE(Rough<1>)
