// Where program and search meet: a formula is an objective like any other.
#include "lanewise/minimize.hpp"

namespace lanewise {

Result minimize(std::string_view expression, const Box& box, const Options& options) {
    return minimize(Expression(expression, box), box, options);
}

}  // namespace lanewise
