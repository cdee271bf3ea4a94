/// lanewise: the global minimum of a differentiable function over a box, by thousands of Adam runs at once.
#pragma once

#include "lanewise/box.hpp"
#include "lanewise/callback.hpp"
#include "lanewise/check_gradient.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/io.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/problem.hpp"
#include "lanewise/program.hpp"
#include "lanewise/result.hpp"
#include "lanewise/saved.hpp"
#include "lanewise/trace.hpp"
#include "lanewise/version.hpp"
