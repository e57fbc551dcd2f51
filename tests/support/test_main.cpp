// The main function of every test program. Written out, since Boost.Test's own comes from a macro before its header, which
// is precompiled here.

#include <boost/test/unit_test.hpp>

namespace {

bool name_the_module() {
  boost::unit_test::framework::master_test_suite().p_name.value = "lockstep";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  return boost::unit_test::unit_test_main(&name_the_module, argc, argv);
}
