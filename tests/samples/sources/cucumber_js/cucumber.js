module.exports = { default: { require: ['features/*.js'] } };
