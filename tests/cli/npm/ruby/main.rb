# SPDX-License-Identifier: MIT OR Apache-2.0
# Strings, files, JSON, exceptions and the garbage collector of CRuby. expected.txt beside it.
require 'json'
require 'set'
require 'digest'
$stdout.sync = true

puts "#{RUBY_ENGINE} #{RUBY_VERSION[/\d+\.\d+/]} #{RUBY_PLATFORM}"
puts 'Grüße, 世界'.reverse, 'straße'.upcase, 'a,b;c'.split(/[,;]/).inspect
puts format('%08.3f|%-6s|%x', 3.14159, 'ab', 255)

Dir.chdir('/files')
Dir.mkdir('data')
5.times { |i| File.write("data/#{i}.txt", "line #{i}\n" * (i + 1)) }
File.rename('data/4.txt', 'data/four.txt')
File.symlink('0.txt', 'data/link')
puts Dir.children('data').sort.join(' '), File.size('data/four.txt'), File.read('data/link')
File.open('data/0.txt', 'a+') { |file| file.write('more'); file.seek(0); puts file.readlines.size }
begin
  File.read('/elsewhere')
rescue SystemCallError => error
  puts error.class
end
Dir.each_child('data') { |name| File.unlink("data/#{name}") }
Dir.rmdir('data')

table = (1..2000).to_h { |i| ["key#{i}", { 'square' => i * i, 'list' => [i, nil, true, i / 8.0] }] }
File.write('table.json', JSON.generate(table))
puts JSON.parse(File.read('table.json')) == table, Digest::SHA256.file('table.json').hexdigest

before = GC.count
kept = Set.new
300_000.times { |i| text = "garbage #{i}"; kept << text if (i % 1000).zero? }
GC.start
puts GC.count > before, kept.size, ObjectSpace.count_objects[:T_STRING] < 200_000
fiber = Fiber.new { 3.times { |i| Fiber.yield i * 10 }; :done }
puts 4.times.map { fiber.resume }.inspect
puts [3, 1, 2].sort_by { |x| -x }.inspect, (2**200).to_s.size, catch(:found) { throw :found, 'caught' }
