// A shared object that lanewise is linked into, as those of an embedder are.
#include "lanewise/lanewise.hpp"

/// x^2 + exp(x), by machine code.
extern "C" double value_by_machine_code(double x) {
    using namespace lanewise;
    const Expression objective("x^2 + exp(x)", Box{{"x", -10, 10}});
    objective.compile(choose_isa(), Precision::f64);
    return evaluate(objective, std::vector<double>{x}).f;
}
