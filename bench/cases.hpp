// The functions every row of the benchmark is about, in each of their forms.
#pragma once

#include <cstddef>
#include <string>

#include "lanewise/lanewise.hpp"

namespace lanewise::bench {

/// f: x^2 summed; Rosenbrock; Rastrigin; Styblinski-Tang; the energy of a Lennard-Jones cluster.
enum class Function { sphere, rosenbrock, rastrigin, styblinski_tang, lennard_jones };

// As an expert would write them, in native/.
const Objective& sphere_2();
const Objective& rosenbrock_10();
const Objective& rosenbrock_50();
const Objective& rastrigin_10();
const Objective& styblinski_tang_20();
const Objective& lennard_jones_13();

struct Case {
    const char* name;
    Function function;
    std::size_t dimension;
    double bound;  ///< of every variable: from -bound to bound
    const char* expression;
    const Objective& (*native)();
};

inline constexpr const char* rosenbrock_expression =
    "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";

inline constexpr Case cases[] = {
    {"sphere-2", Function::sphere, 2, 5, "sum(i, 0, n(x)-1, x[i]^2)", sphere_2},
    {"rosenbrock-10", Function::rosenbrock, 10, 5, rosenbrock_expression, rosenbrock_10},
    {"rastrigin-10", Function::rastrigin, 10, 5, "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))",
     rastrigin_10},
    {"styblinski-tang-20", Function::styblinski_tang, 20, 5,
     "sum(i, 0, n(x)-1, x[i]^4 - 16*x[i]^2 + 5*x[i])/2", styblinski_tang_20},
    {"lennard-jones-13", Function::lennard_jones, 39, 3,
     "sum(i, 0, 11, sum(j, i+1, 12,"
     " ((x[3*i]-x[3*j])^2 + (x[3*i+1]-x[3*j+1])^2 + (x[3*i+2]-x[3*j+2])^2)^-6"
     " - 2*((x[3*i]-x[3*j])^2 + (x[3*i+1]-x[3*j+1])^2 + (x[3*i+2]-x[3*j+2])^2)^-3))",
     lennard_jones_13},
    {"rosenbrock-50", Function::rosenbrock, 50, 5, rosenbrock_expression, rosenbrock_50},
};

inline Box box_of(const Case& problem) {
    return Box{{"x", -problem.bound, problem.bound, problem.dimension}};
}

}  // namespace lanewise::bench
