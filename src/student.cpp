#include "student.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <limits>

namespace lanewise {

double student_quantile(double confidence, double degrees) {
    namespace policies = boost::math::policies;
    using InDouble = policies::policy<policies::promote_double<false>>;
    if (!(degrees > 0)) return std::numeric_limits<double>::infinity();
    const boost::math::students_t_distribution<double, InDouble> student(degrees);
    return boost::math::quantile(boost::math::complement(student, (1 - confidence) / 2));
}

}  // namespace lanewise
