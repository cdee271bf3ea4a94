// The body of every <isa>.cpp: instantiates the kernels for the architecture the file names and fills its
// table, the only symbol that leaves the file.
#include "advance.ipp"
#include "calls.ipp"
#include "exercises.ipp"
#include "interpreter.ipp"
#include "lbfgs.ipp"
#include "levenberg_marquardt.ipp"
#include "turns.ipp"

namespace lanewise::kernels {
namespace {

template <class T>
constexpr Functions<T> all_functions() {
    Functions<T> functions{.advance = {},
                           .look = look<T>,
                           .advance_in_turns = advance_in_turns<T>,
                           .turn_numbers = turn_numbers<T>,
                           .interpret = interpret<T>,
                           .call_of = call_of<T>,
                           .advance_least_squares = advance_least_squares<T>,
                           .width = Batch<T>::size,
                           .exercise = exercise<T>,
                           .has_newton_forms = has_newton_forms,
                           .least_newton_root = least_newton_root<T>};
#define LANEWISE_ADVANCE(name, spelling, policy, rows) functions.advance[name] = advance<T, policy>;
    LANEWISE_METHODS(LANEWISE_ADVANCE)
#undef LANEWISE_ADVANCE
    return functions;
}

}  // namespace

extern const Table LANEWISE_TABLE = {all_functions<double>(), all_functions<float>(), advance_lbfgs};

}  // namespace lanewise::kernels
