# A test for each way a test can end under RSpec.

PRICES = { 'apple' => 1, 'pear' => 2 }.freeze

def total(*names)
  names.sum { |name| PRICES.fetch(name) }
end

RSpec.describe 'Basket' do
  it 'costs nothing when empty' do
    puts 'adding nothing, für alle'
    warn 'a warning on the error stream'
    expect(total).to eq 0
  end

  it 'apples & pears cost <4> "crowns"' do
    expect(total('apple', 'pear')).to eq 4
  end

  it 'breaks on an unknown article' do
    total('plum')
  end

  it 'has two failures', :aggregate_failures do
    expect(total('apple')).to eq 2
    expect(total('pear')).to eq 1
  end

  it 'discounts', skip: 'discounts come in spring <&>' do
    raise 'never run'
  end

  it 'no voucher' do
    skip 'no voucher in the basket'
  end

  it 'rounding is not done yet'

  it 'expected failure', pending: 'rounding is not done yet' do
    expect(total('apple')).to eq 1.005
  end

  it 'unexpected pass', pending: 'thought to be broken' do
    expect(total('apple')).to eq 1
  end

  [['apple', 1], ['pear', 3]].each do |name, cost|
    it "#{name} costs #{cost}" do
      expect(total(name)).to eq cost
    end
  end

  it { expect(total('pear')).to eq 2 }

  context 'at the checkout' do
    context 'by card' do
      it 'Größe überprüft' do
        expect('ö').to eq 'ö'
      end
    end
  end
end

RSpec.describe 'Closed till' do
  before(:context) { raise 'the till does not answer' }

  it('first') {}
  it('second') {}
end

RSpec.describe 'Receipt' do
  after { raise 'the receipt printer is out of paper' }

  it('prints') {}
end
