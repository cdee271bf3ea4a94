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
#define LANEWISE_ADVANCE(name, spelling, policy, rows) functions.advance[name] = advance<T, policy>;
    LANEWISE_METHODS(LANEWISE_ADVANCE)
#undef LANEWISE_ADVANCE
    return functions;
}

}  // namespace

extern const Table LANEWISE_TABLE = {all_functions<double>(), all_functions<float>()};

}  // namespace lanewise::kernels
