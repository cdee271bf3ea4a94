#include "rosenbrock.hpp"

LANEWISE_NATIVE(Rosenbrock<10>)
