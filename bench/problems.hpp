// The functions every row of the benchmark is about, in each of their forms.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lanewise/lanewise.hpp"

namespace lanewise::bench {

/// f: x^2 summed; Rosenbrock; Rastrigin.
enum class Function { sphere, rosenbrock, rastrigin };

struct Problem {
    const char* name;
    Function function;
    std::size_t dimension;
    const char* expression;
};

inline constexpr Problem problems[] = {
    {"sphere-2", Function::sphere, 2, "sum(i, 0, n(x)-1, x[i]^2)"},
    {"rosenbrock-10", Function::rosenbrock, 10, "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)"},
    {"rastrigin-10", Function::rastrigin, 10, "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))"},
    {"rosenbrock-50", Function::rosenbrock, 50, "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)"},
};

inline Box box_of(const Problem& problem) {
    return Box{{"x", -5, 5, problem.dimension}};
}

/// SIMD code as an expert would write it, compiled for each instruction set like the library's own kernels.
std::unique_ptr<Objective> handwritten(const Problem& problem);

}  // namespace lanewise::bench
