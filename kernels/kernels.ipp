// The body of every <isa>.cpp: instantiates the kernels for the architecture the file names and fills its
// table, the only symbol that leaves the file.
#include "advance.ipp"
#include "exercises.ipp"
#include "interpreter.ipp"

namespace lanewise::kernels {
namespace {

template <class T>
constexpr Functions<T> all_functions() {
    Functions<T> functions{{}, look<T>, interpret<T>, exercise<T>, has_newton_forms, least_newton_root<T>};
    functions.advance[adam] = advance<T, Adam>;
    functions.advance[gradient_descent] = advance<T, GradientDescent>;
    functions.advance[momentum] = advance<T, Momentum>;
    functions.advance[adagrad] = advance<T, AdaGrad>;
    functions.advance[rmsprop] = advance<T, RmsProp>;
    functions.advance[amsgrad] = advance<T, AmsGrad>;
    functions.advance[adamax] = advance<T, AdaMax>;
    functions.advance[nadam] = advance<T, NAdam>;
    return functions;
}

}  // namespace

extern const Table LANEWISE_TABLE = {LANEWISE_ISA_NAME, all_functions<double>(), all_functions<float>()};

}  // namespace lanewise::kernels
