# A file that cannot be loaded.
RSpec.describe NoSuchTill do
  it('never runs') {}
end
