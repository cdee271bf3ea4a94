// Student's t, for the half width of confidence intervals.
#pragma once

namespace lanewise {

/// How many standard errors to either side of an estimate hold the truth with this confidence, in (0, 1), by
/// Student's t with `degrees` of freedom. With infinitely many it is the normal distribution's; infinite
/// where there are none.
double student_quantile(double confidence, double degrees);

}  // namespace lanewise
