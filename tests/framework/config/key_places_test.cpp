#include <boost/test/unit_test.hpp>

#include "framework/config/experiment_config.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(key_places)

BOOST_AUTO_TEST_CASE(a_key_of_one_section_belongs_there) {
  BOOST_TEST(where_it_belongs("batch_size") == "under train:");
  BOOST_TEST(where_it_belongs("steps") == "under train:");
  BOOST_TEST(where_it_belongs("warmup_steps") == "under learning_rate:");
  BOOST_TEST(where_it_belongs("digest_every_steps") == "under metrics:");
  BOOST_TEST(where_it_belongs("layers") == "in a model file, or under model:");
}

BOOST_AUTO_TEST_CASE(a_key_of_all_types_belongs_to_the_section_and_one_of_some_names_them) {
  BOOST_TEST(where_it_belongs("weight_decay") == "under optimizer:");
  BOOST_TEST(where_it_belongs("nesterov") == "under optimizer:, with type: sgd");
  BOOST_TEST(where_it_belongs("beta1") == "under optimizer:, with type: adam");
  BOOST_TEST(where_it_belongs("factor") ==
             "under learning_rate:, with schedule: exponential or step");
  BOOST_TEST(where_it_belongs("final_fraction")
                 .starts_with("under learning_rate:, with schedule: cosine or one_cycle"));
}

BOOST_AUTO_TEST_CASE(a_key_of_several_sections_names_them_all) {
  BOOST_TEST(where_it_belongs("every_epochs") == "under evaluate: or checkpoint:");
  BOOST_TEST(where_it_belongs("every_steps") ==
             "under evaluate:, checkpoint:, or learning_rate: with schedule: exponential or step");
}

BOOST_AUTO_TEST_CASE(sections_belong_at_the_top_and_other_trainers_words_lead_to_ours) {
  for (const char* key : {"schema_version", "name", "seed", "model", "data", "train", "loss",
                          "optimizer", "learning_rate", "evaluate", "checkpoint", "metrics"}) {
    BOOST_TEST(where_it_belongs(key) == "at the top level of an experiment file", key);
  }
  BOOST_TEST(where_it_belongs("eps") == "under optimizer:, as epsilon:");
  BOOST_TEST(where_it_belongs("no_such_key").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
